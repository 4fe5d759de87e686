import { describe, expect, it } from 'vitest';
import { documentPath, parseRoute } from './app-path.ts';

describe('addresses of the app', () => {
  it.for(['today', 'notes/2026/week-47', 'a:b@c=d+e~f', 'x_y.z'])('[APP11] the address of "%s" leads to it', (name) => {
    expect(parseRoute(documentPath(name))).toEqual({ kind: 'document', name });
  });

  it.for([
    ['/', { kind: 'documents' }],
    ['/d/', { kind: 'documents' }],
    ['/d/notes%2Ftoday', { kind: 'document', name: 'notes/today' }],
    ['/d/today/', { kind: 'document', name: 'today' }],
    ['/elsewhere', { kind: 'nowhere' }],
    ['/d/%E0%A4%A', { kind: 'nowhere' }],
  ] as const)('[APP11] %s is read as %o', ([path, route]) => {
    expect(parseRoute(path)).toEqual(route);
  });
});
