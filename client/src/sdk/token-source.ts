/** Gives the token of now; asked at each connection, so a token may expire. */
export type TokenSource = () => string | Promise<string>;

/** Throws unless the token is a function: with a text the connection would fail for ever once it expires. */
export function checkTokenSource(token: unknown): asserts token is TokenSource {
  if (typeof token === 'function') return;
  throw new TypeError(
    '`token` must be a function that returns the token of now, for example ' +
      '`token: () => fetch("/my/token").then((answer) => answer.text())`. ' +
      'A fixed text could not be renewed when it expires.',
  );
}
