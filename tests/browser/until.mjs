// Polling for something asynchronous.

const PATIENCE = 20_000;

/** Polls until the answer is right, and returns it. */
export async function until(ask, isRight, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
