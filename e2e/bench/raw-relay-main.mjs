/**
 * Entry of a child process: the least a server can do. Sends every message to all others on the same path. Argument:
 * the port to listen on.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map();
const http = createServer((_request, response) => response.end('ok'));
const server = new WebSocketServer({ server: http, perMessageDeflate: false });

server.on('connection', (socket, request) => {
  const path = request.url ?? '/';
  const room = rooms.get(path) ?? new Set();
  rooms.set(path, room.add(socket));
  socket.on('message', (bytes) => {
    for (const other of room) if (other !== socket) other.send(bytes);
  });
  socket.on('close', () => room.delete(socket));
});
http.listen(Number.parseInt(process.argv[2] ?? '', 10), '127.0.0.1');
