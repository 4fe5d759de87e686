import { Server } from '@hocuspocus/server';
const s = new Server({ port: 8877, quiet: true }); await s.listen();
