/** When a version is made by itself; 0 for one of them leaves it out, for both there are none. */
export interface VersionLimits {
  /** Milliseconds since the version before. */
  readonly after: number;
  /** Rows since the version before. */
  readonly rows: number;
}

/** Whether enough was written since the last version, or something was and it is long ago. */
export function isVersionDue(
  since: { readonly rows: number; readonly milliseconds: number },
  limits: VersionLimits,
): boolean {
  if (since.rows <= 0) return false;
  return (limits.rows > 0 && since.rows >= limits.rows) || (limits.after > 0 && since.milliseconds >= limits.after);
}
