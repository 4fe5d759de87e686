/** Bounds of the HTTP side that nobody needs to change. Times in milliseconds. */
export const HTTP_LIMITS = {
  /** A client that dribbles its headers is cut here. */
  headersTimeoutMs: 5_000,
  /** From the first byte of a request to its last. */
  requestTimeoutMs: 30_000,
  /** Node looks for the two above this often; its own default of 30 s would make them meaningless. */
  connectionCheckMs: 1_000,
  keepAliveTimeoutMs: 72_000,
  /** From the last byte of a request to the first of its answer: longer than the stores' own deadlines, not by much. */
  answerMs: 12_000,
  /** What is under way when the server stops has this long to be answered. */
  stopMs: 2_000,
  /** A document name of 128 characters, each of them percent-encoded. */
  pathParameterLength: 3 * 128,
  /** Pages of the catalog that one list request reads at most while it looks for readable documents. */
  listRounds: 40,
  /** Hits that are asked of the search index at a time, and how often for one page, while readable ones are looked for. */
  searchPage: 200,
  searchRounds: 10,
  /** Hits after which pages end: nobody reads so far, and each page is counted from the first hit on. */
  searchDepth: 1_000,
} as const;
