// Polling for something asynchronous.

const PATIENCE = 20_000;

/** Polls until the answer is right, and returns it; gives up once it has been the same for so many ms. */
export async function until(ask, isRight, patience = PATIENCE) {
  let end = Date.now() + patience;
  let last;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    const text = JSON.stringify(answer);
    if (text !== last) end = Date.now() + patience;
    last = text;
    if (Date.now() > end) throw new Error(`still ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
