/** Bounds on what one update may hold and on what a document may become; honest documents never meet them. */
export interface UpdateLimits {
  /** ClientIDs in one update and in one document; one that lived for years holds thousands. */
  readonly clients: number;
  /** Largest clock plus length of a struct or a delete range. */
  readonly clock: number;
  /** Structs in one update. Yjs makes several objects of each, even where two bytes hold it. */
  readonly structs: number;
  /** Delete ranges in one update. */
  readonly deleteRanges: number;
  /** Root types of one document. */
  readonly rootNames: number;
  /** Distinct root names in one update, known ones included. */
  readonly rootNamesPerUpdate: number;
  /** Nesting of shared types; a type directly in a root has depth 1. */
  readonly typeDepth: number;
  /** Nesting of plain values (lib0 `any` and JSON). */
  readonly valueDepth: number;
  /** Entries of a state vector sent by a client. */
  readonly stateVectorEntries: number;
  /** Items that Yjs may have to look at to place one insertion among others at the same place. */
  readonly conflicts: number;
  /** Steps of about 80 ns that judging and merging one update may take beyond what its length explains. */
  readonly effort: number;
  readonly allowSubdocuments: boolean;
}

/** What the gate holds updates to. */
export const defaultUpdateLimits: UpdateLimits = Object.freeze({
  clients: 20_000,
  clock: 2 ** 40,
  structs: 2_000_000,
  deleteRanges: 4_000_000,
  rootNames: 64,
  rootNamesPerUpdate: 1024,
  typeDepth: 64,
  valueDepth: 32,
  stateVectorEntries: 20_000,
  conflicts: 10_000,
  effort: 5_000_000,
  allowSubdocuments: false,
});

/**
 * What stored updates are held to. They passed the gate of their day, so a limit that is lower today must not make a
 * document unreadable: only what Yjs itself could not bear counts.
 */
export const storedUpdateLimits: UpdateLimits = Object.freeze({
  ...defaultUpdateLimits,
  clients: Infinity,
  structs: Infinity,
  deleteRanges: Infinity,
  rootNames: Infinity,
  rootNamesPerUpdate: Infinity,
  typeDepth: Infinity,
  valueDepth: 1_000,
  conflicts: Infinity,
  effort: Infinity,
  allowSubdocuments: true,
});
