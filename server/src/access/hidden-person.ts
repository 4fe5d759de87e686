import { createHmac } from 'node:crypto';
import type { HiddenPerson } from '../ports/access-changes.ts';

/** Whether an entry that names nobody is about this user. */
export function isHidden({ key, digest }: HiddenPerson, user: string): boolean {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(user).digest('hex') === digest;
}
