/** Tables behind what programs write, as Kysely sees them. */
export interface WritesSchema {
  idempotent_requests: IdempotentRequestsTable;
  jobs: JobsTable;
  job_items: JobItemsTable;
}

/** Requests that their sender may repeat. */
export interface IdempotentRequestsTable {
  tenant: string;
  user_id: string;
  key: string;
  /** Hash of what the request asks for. */
  fingerprint: string;
  /** Random name of the attempt that is at work, and until when the others leave it alone. */
  claim: string;
  claimed_until: number;
  created_at: number;
  expires_at: number;
  /** The update that the attempt is about to store, and the document that it goes into. */
  intent: Uint8Array | null;
  document_id: number | null;
  /** The first answer as JSON, once it was given. */
  answer: string | null;
}

/** Work that goes on after its request was answered. */
export interface JobsTable {
  id: string;
  tenant: string;
  user_id: string;
  kind: string;
  /** Who asked for it, as JSON: what they may do is judged anew when it is done. */
  identity: string;
  created_at: number;
  finished_at: number | null;
  expires_at: number;
  claim: string | null;
  claimed_until: number;
}

/** The parts of a job. */
export interface JobItemsTable {
  job_id: string;
  place: number;
  request: string;
  intent: Uint8Array | null;
  document_id: number | null;
  /** What became of it as JSON, once it is known. */
  outcome: string | null;
}
