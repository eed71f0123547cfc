// The specs store the same name again and again, which is refused while there is a file.

afterEach(async () => {
  const url = `https://${process.env.DEMO_HOST}/files/v1/public/files/hello.txt`
  const { status } = await fetch(url, { method: "DELETE" })
  expect(status).toBe(204)
})
