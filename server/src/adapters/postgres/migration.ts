/** One step of the schema. Steps only go forward, and a released one is never changed. */
export interface Migration {
  /** 1, 2, 3 … */
  readonly version: number;
  readonly name: string;
  /**
   * The lowest version whose programs may keep running once this step is done. A step that only adds (expand) names the
   * one before it; a step that takes away (contract) names the first version that needs it no more.
   */
  readonly compatibleWith: number;
  readonly sql: string;
}
