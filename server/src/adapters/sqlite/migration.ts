/** One step of the schema. Steps only go forward, and a released one is never changed. */
export interface Migration {
  /** 1, 2, 3 …: what `user_version` holds once the step is done. */
  readonly version: number;
  readonly sql: string;
}
