import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefersPage } from './negotiate-format.ts';

/** Answers with the app's page where nothing is, and the app says so. Returns whether it did. */
export type LostPage = (request: FastifyRequest, reply: FastifyReply, status: number) => Promise<boolean>;

/** Addresses of programs, who are told in their own language. */
const API = /^\/v1(\/|$)/;

/** Creates the answer for people who are lost; without a built app (`null`) everybody gets the same. */
export function createLostPage(directory: string | null): LostPage {
  return async (request, reply, status) => {
    reply.header('vary', 'Accept');
    const { method, url } = request;
    const isPerson = (method === 'GET' || method === 'HEAD') && !API.test(url) && prefersPage(request.headers.accept);
    if (directory === null || !isPerson) return false;
    // Read each time: the names in it change with each build, and few come here.
    const page = await readFile(join(directory, 'index.html'));
    reply.code(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page);
    return true;
  };
}
