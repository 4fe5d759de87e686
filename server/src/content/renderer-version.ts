/** Version of what renders documents. Raise it with every change of what a rendering looks like: what is cached goes by it. */
export const RENDERER_VERSION = 1;
