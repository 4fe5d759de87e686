import { countKeptChanges, forgetOfflineCopies } from '../sdk/offline-overview.ts';
import { countChanges } from '../sdk/status-label.ts';
import { collabUrl } from './collab-url.ts';
import { signedIn, signOut } from './session.ts';

/** Signs out, and removes the copies on this device, so that the next person finds nothing. */
export async function forgetAndSignOut(): Promise<void> {
  const session = signedIn.value;
  if (session === null) return;
  const owner = { server: collabUrl(), user: session.user.id };
  const kept = await countKept(owner);
  const question = `${countChanges(kept)} on this device never reached the server and would be lost. Sign out?`;
  // A question of the browser's own: rare, and not to be overlooked.
  if (kept > 0 && !confirm(question)) return;
  signOut();
  await forgetOfflineCopies(owner).catch(() => {});
}

async function countKept(owner: Parameters<typeof countKeptChanges>[0]): Promise<number> {
  try {
    return [...(await countKeptChanges(owner)).values()].reduce((sum, count) => sum + count, 0);
  } catch {
    return 0;
  }
}
