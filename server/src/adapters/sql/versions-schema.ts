/** The tables of versions and publications. */
export interface VersionsSchema {
  document_versions: DocumentVersionsTable;
  publications: PublicationsTable;
  publication_editions: PublicationEditionsTable;
}

export interface DocumentVersionsTable {
  id: string;
  document_id: number;
  seq: number;
  kind: string;
  label: string | null;
  at: number;
  author: string | null;
  /** Row of the version before an automatic one, so that each gap is filled once; `null` for others. */
  follows: number | null;
}

/** One row per document that was ever published. */
export interface PublicationsTable {
  document_id: number;
  id: string;
  tenant: string;
  /** Number of the newest edition. */
  edition: number;
  seq: number;
  at: number;
  author: string;
  /** 0 once it was withdrawn. */
  live: number;
}

export interface PublicationEditionsTable {
  publication_id: string;
  edition: number;
  at: number;
  sha256: string;
  content: Uint8Array;
}
