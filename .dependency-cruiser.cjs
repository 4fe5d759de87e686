/**
 * The import table of the house: imports run one way,
 * shared <- core <- ports <- rooms, workers, content, access <- gateway, api; adapters see only ports, core/errors, core/circuit-values and shared;
 * only compose.ts sees adapters. Types count like values. Tests may look anywhere but are seen by nobody.
 */

const TEST = '\\.test\\.tsx?$';
const SERVER = '^server/src/';

/**
 * A forbidden rule: non-test files below `from` may reach only what `allowed` matches.
 * @param {string} name
 * @param {string} from
 * @param {string[]} allowed
 */
function onlyReaches(name, from, allowed) {
  return {
    name,
    severity: 'error',
    from: { path: from, pathNot: TEST },
    to: { couldNotResolve: false, pathNot: allowed, dependencyTypesNot: ['npm', 'npm-dev', 'npm-peer', 'core'] },
  };
}

/**
 * A forbidden rule: files below `from` import no package but these.
 * @param {string} name
 * @param {string} from
 * @param {string[]} packages
 */
function onlyPackages(name, from, packages) {
  return {
    name,
    severity: 'error',
    from: { path: from, pathNot: TEST },
    to: {
      path: 'node_modules/',
      pathNot: packages.map((it) => `node_modules/${it}/`),
    },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Types included: a cycle of types is a cycle of thoughts.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'listed-in-package-json',
      severity: 'error',
      from: { path: '^(shared|server|client)/src/', pathNot: TEST },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: [TEST, '^(server|client)/test/', '^e2e/'] },
      to: { path: [TEST, '^(server|client)/test/', '^e2e/'] },
    },

    onlyReaches('shared-is-the-ground', '^shared/src/', ['^shared/src/']),
    onlyReaches('core-sees-shared', `${SERVER}core/`, ['^shared/src/', `${SERVER}core/`]),
    onlyReaches('ports-see-core', `${SERVER}ports/`, ['^shared/src/', `${SERVER}(core|ports)/`]),
    onlyReaches('service-sees-ports', `${SERVER}service\\.ts$`, ['^shared/src/', `${SERVER}(core|ports)/`]),
    onlyReaches('middle-sees-ports', `${SERVER}(rooms|workers|content|access)/`, [
      '^shared/src/',
      `${SERVER}(core|ports|observability|rooms|workers|content|access)/`,
      `${SERVER}service\\.ts$`,
    ]),
    onlyReaches('gateway-sees-the-middle', `${SERVER}gateway/`, [
      '^shared/src/',
      `${SERVER}(core|ports|observability|rooms|workers|content|access|gateway)/`,
      `${SERVER}service\\.ts$`,
    ]),
    onlyReaches('api-sees-the-middle', `${SERVER}api/`, [
      '^shared/src/',
      `${SERVER}(core|ports|observability|rooms|workers|content|access|api)/`,
      `${SERVER}service\\.ts$`,
    ]),
    onlyReaches('observability-sees-ports', `${SERVER}observability/`, [
      '^shared/src/',
      `${SERVER}(core|ports|observability)/`,
      `${SERVER}service\\.ts$`,
    ]),
    {
      ...onlyReaches('adapters-see-ports', `${SERVER}adapters/([^/]+)/`, [
        '^shared/src/',
        `${SERVER}ports/`,
        `${SERVER}core/(errors|circuit-values)\\.ts$`,
        `${SERVER}adapters/$1/`,
      ]),
      from: { path: `${SERVER}adapters/([^/]+)/`, pathNot: [TEST, `${SERVER}adapters/(sqlite|postgres)/`] },
    },
    onlyReaches('sqlite-sees-its-portable-base', `${SERVER}adapters/sqlite/`, [
      '^shared/src/',
      `${SERVER}ports/`,
      `${SERVER}core/(errors|circuit-values)\\.ts$`,
      `${SERVER}adapters/(sqlite|sql)/`,
    ]),
    onlyReaches('postgres-sees-its-portable-base', `${SERVER}adapters/postgres/`, [
      '^shared/src/',
      `${SERVER}ports/`,
      `${SERVER}core/(errors|circuit-values)\\.ts$`,
      `${SERVER}adapters/(postgres|sql)/`,
    ]),
    {
      name: 'only-compose-sees-adapters',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}compose[a-z-]*\\.ts$`, `${SERVER}(adapters|cli)/`] },
      to: { path: `${SERVER}adapters/` },
    },
    {
      name: 'only-run-process-sees-compose',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}run-process\\.ts$`] },
      to: { path: `${SERVER}compose\\.ts$` },
    },
    {
      name: 'config-is-passed-down',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}(compose[a-z-]*|run-process|config)\\.ts$`, `${SERVER}cli/`] },
      to: { path: `${SERVER}config\\.ts$` },
    },

    {
      name: 'core-is-pure',
      comment: 'No I/O below the decisions.',
      severity: 'error',
      from: { path: ['^shared/src/', `${SERVER}core/`], pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    onlyPackages('core-packages', `${SERVER}core/`, ['lib0', 'zod']),
    onlyPackages('shared-packages', '^shared/src/', ['zod', 'lib0', 'prosemirror-model', '@tiptap/[^/]+']),
    {
      name: 'only-gateway-speaks-websocket',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}gateway/`] },
      to: { path: ['node_modules/ws/', 'node_modules/@types/ws/', 'node_modules/@hocuspocus/'] },
    },
    {
      name: 'only-observability-speaks-pino',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}observability/`] },
      to: { path: ['node_modules/pino/', 'node_modules/prom-client/', 'node_modules/@opentelemetry/'] },
    },
    {
      name: 'only-api-speaks-fastify',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}api/`, `${SERVER}compose(-api)?\\.ts$`] },
      to: { path: ['node_modules/fastify', 'node_modules/@fastify/', 'node_modules/@scalar/'] },
    },
    {
      name: 'only-adapters-speak-sql',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}adapters/(sql|sqlite|postgres)/`] },
      to: { path: ['node_modules/kysely/', 'node_modules/better-sqlite3/', 'node_modules/@types/better-sqlite3/'] },
    },
    {
      name: 'only-postgres-speaks-to-postgres',
      severity: 'error',
      from: { path: SERVER, pathNot: [TEST, `${SERVER}adapters/postgres/`] },
      to: { path: ['node_modules/pg/', 'node_modules/@types/pg/'] },
    },

    {
      name: 'client-stays-in-the-browser',
      severity: 'error',
      from: { path: '^client/src/', pathNot: TEST },
      to: { path: ['^server/', '^e2e/'] },
    },
    {
      name: 'client-has-no-node',
      severity: 'error',
      from: { path: '^client/src/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sdk-stands-alone',
      severity: 'error',
      from: { path: '^client/src/sdk/', pathNot: TEST },
      to: { path: '^client/src/app/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Our own build output only: most packages keep their files in a dist folder too.
    exclude: { path: '^client/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts'],
    },
  },
};
