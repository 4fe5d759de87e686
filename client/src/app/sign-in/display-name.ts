/** Longest display name that the server takes, as in the shared REST schema. */
export const DISPLAY_NAME_MAX = 60;
