import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import type { Hocuspocus } from '@hocuspocus/server';
import * as decoding from 'lib0/decoding';
import { plainAddress } from '../../src/core/address.ts';
import type { createSessionExtension } from '../../src/gateway/extensions/session-extension.ts';
import { authenticatedFrame, frameAddress } from '../../src/gateway/frames.ts';
import type { SessionTable } from '../../src/gateway/session-table.ts';
import type { Life } from './life.ts';

type Extension = ReturnType<typeof createSessionExtension>;
type Payload<Hook extends keyof Extension> = Parameters<Extract<Extension[Hook], (payload: never) => unknown>>[0];
type ClientConnection = ReturnType<Hocuspocus['handleConnection']>;

export interface StandInDeps {
  readonly life: Life;
  readonly extension: Extension;
  /** Sends a framed message to the client. */
  readonly send: (frame: Uint8Array) => void;
  /** Ends the socket. */
  readonly close: (code: number) => void;
}

/**
 * Hocuspocus's part of one socket, as far as the gateway leaves it one: the handshake takes some turns of the event
 * loop, in which anything may happen, and stateless messages come a turn after the frames around them.
 */
export function createHocuspocusStandIn(deps: StandInDeps, table: SessionTable): ClientConnection {
  const { life, extension } = deps;
  const connections = new Map<string, object>();
  const context = { table };

  const enter = async (address: string): Promise<void> => {
    const [documentName = ''] = address.split('\0');
    const connectionConfig = { readOnly: false };
    await extension.onAuthenticate?.({
      context,
      documentName,
      connectionConfig,
    } as unknown as Payload<'onAuthenticate'>);
    deps.send(authenticatedFrame(frameAddress(plainAddress(address)), connectionConfig.readOnly));
    const connection = {
      messageAddress: address,
      context,
      close: () => void connections.delete(address),
    };
    connections.set(address, connection);
    life.after(0, () => {
      if (connections.has(address))
        void extension.connected?.({ context, connection } as unknown as Payload<'connected'>);
    });
  };

  const standIn = {
    handleMessage: (message: Uint8Array) => {
      const decoder = decoding.createDecoder(message);
      const address = decoding.readVarString(decoder);
      const type = decoding.readVarUint(decoder);
      if (type === FRAME_TYPE.auth) {
        life.after(0, () => {
          enter(address).catch(() => deps.close(1011));
        });
      } else if (type === FRAME_TYPE.stateless) {
        const payload = decoding.readVarString(decoder);
        const connection = connections.get(address);
        life.after(0, () => {
          void extension.onStateless?.({ connection, payload } as unknown as Payload<'onStateless'>);
        });
      }
    },
    handleClose: () => connections.clear(),
  };
  return standIn as unknown as ClientConnection;
}
