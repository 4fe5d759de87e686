/** How far a session may write: everywhere, below the root of the comments only, or nowhere. */
export type WriteScope = 'all' | 'comments' | 'none';

/** The root type below which commenters write. */
export const COMMENTS_ROOT = 'comments';
