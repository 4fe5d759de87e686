import type { Extension } from '@hocuspocus/server';
import { clientMessageSchema, parseStatelessMessage, SCHEMA_VERSION } from '@scriptorium/shared/stateless-messages';
import { committedStateVector } from '../../core/committed-clocks.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { SessionTable, type HocuspocusContext } from '../session-table.ts';
import type { Session } from '../session.ts';

/** The hooks by which Hocuspocus's handshake, stateless messages and closing reach our sessions. */
export function createSessionExtension(deps: {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}): Extension<HocuspocusContext> {
  return {
    extensionName: 'scriptorium-sessions',

    onAuthenticate({ context, documentName, connectionConfig }) {
      const readOnly = context.table.awaitedReadOnly(documentName);
      // Only sessions that the gateway has admitted get this far; anything else is a bug, never a way in.
      if (readOnly === null) return Promise.reject(new Error('not admitted'));
      connectionConfig.readOnly = readOnly;
      return Promise.resolve();
    },

    afterLoadDocument({ document }) {
      // The shell holds no presence, so the interval that looks for stale ones has nothing to do.
      const interval: unknown = document.awareness._checkInterval;
      clearInterval(interval as NodeJS.Timeout);
      return Promise.resolve();
    },

    connected({ context, connection }) {
      try {
        context.table.opened(connection);
      } catch (error) {
        // Hocuspocus would tell the client that it may not come in, and leave ours half open.
        deps.telemetry.log.error('session_open_failed', {}, error);
        context.table.fail();
      }
      return Promise.resolve();
    },

    onStateless({ connection, payload }) {
      try {
        const context: unknown = connection.context;
        const session = isContext(context) ? context.table.sessionOf(connection) : null;
        if (session !== null) receiveStateless(deps.clock, session, payload);
      } catch (error) {
        // An error that escapes here would end the process.
        deps.telemetry.log.error('stateless_failed', {}, error);
      }
      return Promise.resolve();
    },
  };
}

function isContext(context: unknown): context is HocuspocusContext {
  return typeof context === 'object' && context !== null && 'table' in context && context.table instanceof SessionTable;
}

function receiveStateless(clock: Clock, session: Session, payload: string): void {
  const message = parseStatelessMessage(clientMessageSchema, payload);
  if (message === null) return;
  if (message.type === 'scriptorium.probe') {
    const { id } = message;
    session.owe({
      after: session.room.submitted,
      saved: true,
      arrivedAt: clock.monotonic(),
      reply: () => {
        answerProbe(session, id);
      },
    });
    session.releaseAnswers();
    return;
  }
  if (message.schemaVersion < SCHEMA_VERSION && session.scope !== 'none') {
    session.bar('for-good');
    session.announceScope();
    session.tellRefused('schema-outdated');
  }
  const { epoch, seq } = session.room.position;
  const { scope } = session;
  const readOnly = scope === 'none';
  session.tell({ type: 'scriptorium.welcome', epoch, seq, schemaVersion: SCHEMA_VERSION, readOnly, scope });
}

function answerProbe(session: Session, id: number): void {
  const { room } = session;
  const { epoch, seq } = room.position;
  const committed = committedStateVector(room.state.stateVector(), room.uncommitted());
  const stateVector = Buffer.from(committed).toString('base64');
  session.tell({ type: 'scriptorium.durable', id, epoch, seq, stateVector });
}
