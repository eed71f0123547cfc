// Waiting for what comes when it comes.

const PATIENCE = 20_000;

/** Asks until the answer is right, and returns that. */
export async function until(ask, isRight) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
