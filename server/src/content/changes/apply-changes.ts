import type { ChangeOperation, ChangeResult } from '@scriptorium/shared/change-schemas';
import { ScriptoriumError } from '../../core/errors.ts';
import { editState } from '../edit/replace-content.ts';
import { openState, typeRoots } from '../read-state.ts';
import { applyBlockOperation } from './block-operations.ts';
import type { ChangeStates } from './change-states.ts';
import { RefusedChange } from './refused-change.ts';
import { applyTextOperation } from './text-operations.ts';

export interface ChangesRequest {
  /** The state that the operations' addresses hold in. */
  readonly base: Uint8Array;
  /** The state of now, which holds all of the base. */
  readonly current: Uint8Array;
  readonly operations: readonly ChangeOperation[];
  /** All or nothing. */
  readonly atomic: boolean;
  /** See `ReplaceRequest.clientId`. */
  readonly clientId: number;
}

export interface ChangesOutcome {
  /** One Yjs update against the current state; `null` when nothing was applied. */
  readonly update: Uint8Array | null;
  /** One per operation, in order. */
  readonly results: readonly ChangeResult[];
}

/**
 * Applies operations that were thought of in an earlier state. An address is turned into the characters or the block
 * that it means there, so what others did since neither shifts it nor is touched by it.
 */
export function applyChanges({ base, current, operations, atomic, clientId }: ChangesRequest): ChangesOutcome {
  const baseDocument = openState(base);
  typeRoots(baseDocument);
  const results: ChangeResult[] = [];
  const update = editState(current, clientId, (document) => {
    typeRoots(document);
    for (const operation of operations) {
      // With all or nothing, the first refusal decides.
      if (atomic && results.some(({ status }) => status === 'refused')) break;
      results.push(applyOne({ base: baseDocument, document }, operation));
    }
  });
  if (!atomic || results.every(({ status }) => status === 'applied')) return { update, results };
  const stopped: ChangeResult = { status: 'refused', reason: 'not-applied' };
  return { update: null, results: operations.map((_, index) => pickRefusal(results[index]) ?? stopped) };
}

function pickRefusal(result: ChangeResult | undefined): ChangeResult | null {
  return result?.status === 'refused' ? result : null;
}

function applyOne(states: ChangeStates, operation: ChangeOperation): ChangeResult {
  try {
    switch (operation.op) {
      case 'insert':
      case 'delete':
      case 'replace':
      case 'format':
        return applyTextOperation(states, operation);
      default:
        return applyBlockOperation(states, operation);
    }
  } catch (error) {
    if (error instanceof RefusedChange) return { status: 'refused', reason: error.reason, detail: error.message };
    if (error instanceof ScriptoriumError && error.definition.status === 422)
      return { status: 'refused', reason: 'invalid', detail: error.detail ?? error.code };
    throw error;
  }
}
