import { type Command, Option } from 'commander';
import { EVENT_TYPES } from '@scriptorium/shared/event-types';
import type { CliDeps } from './command-ground.ts';
import { createServerCall, type ServerCall, type ServerOptions } from './server-call.ts';

interface Common extends ServerOptions {
  readonly json?: boolean;
}

/** What REST answers with, as far as it is printed. */
interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly label: string;
  readonly paused: string | null;
  readonly failingSince: string | null;
}

interface DeliveryRow {
  readonly id: string;
  readonly queuedAt: string;
  readonly document: string;
  readonly type: string;
  readonly state: string;
  readonly attempts: number;
  readonly status: number | null;
  readonly failure: string | null;
}

/** `scriptorium webhooks`: all about webhooks that REST can do, on a running server. */
export function addWebhooksCommand(program: Command, deps: CliDeps): void {
  const webhooks = program.command('webhooks').description('Manage the webhooks of a tenant on a running server');
  addListCommand(webhooks, deps);
  addAddCommand(webhooks, deps);
  addStateCommands(webhooks, deps);
  addDeliveryCommands(webhooks, deps);
}

/** A command with the options that all of them have; what it answers is printed as JSON where that is asked for. */
function addCommand<Options extends Common>(
  webhooks: Command,
  deps: CliDeps,
  command: {
    readonly name: string;
    readonly description: string;
    readonly options?: readonly Option[];
    run(call: ServerCall, subject: string, options: Options): Promise<unknown>;
    show(answer: never): readonly string[];
  },
): void {
  const added = webhooks
    .command(command.name)
    .description(command.description)
    .option('--url <url>', 'address of the server; that of the configuration when absent')
    .option('--token <token>', 'token of an admin; signed with JWT_SECRET when absent')
    .option('--tenant <tenant>', 'tenant', 'default')
    .option('--json', 'print what the server answers');
  for (const option of command.options ?? []) added.addOption(option);
  added.action(async (...given: readonly unknown[]) => {
    // Commander hands over the arguments, then the options, then the command.
    const [subject, options] = typeof given[0] === 'string' ? [given[0], given[1]] : ['', given[0]];
    const chosen = options as Options;
    const answer = await command.run(await createServerCall(deps, chosen), subject, chosen);
    const lines = chosen.json === true ? [JSON.stringify(answer)] : command.show(answer as never);
    for (const line of lines) deps.print(line);
  });
}

function addListCommand(webhooks: Command, deps: CliDeps): void {
  addCommand(webhooks, deps, {
    name: 'list',
    description: 'List webhooks, newest first',
    run: (call) => call('GET', '/webhooks?limit=100'),
    show: (answer: { readonly webhooks: readonly WebhookRow[] }) => answer.webhooks.map(describeWebhook),
  });
}

function addAddCommand(webhooks: Command, deps: CliDeps): void {
  addCommand<
    Common & { readonly event?: readonly string[]; readonly document?: readonly string[]; readonly label?: string }
  >(webhooks, deps, {
    name: 'add <target>',
    description: 'Make a webhook; prints the secret that signs its messages, which is shown only now',
    options: [
      new Option('--event <types...>', 'types of events; all when absent').choices(EVENT_TYPES),
      new Option('--document <names...>', 'names or prefixes, such as notes/*; all when absent'),
      new Option('--label <text>', 'what people call it'),
    ],
    run: (call, target, { event, document, label }) =>
      call('POST', '/webhooks', {
        url: target,
        ...(event === undefined ? {} : { events: event }),
        ...(document === undefined ? {} : { documents: document }),
        ...(label === undefined ? {} : { label }),
      }),
    show: (answer: { readonly webhook: WebhookRow; readonly secret: string }) => [answer.webhook.id, answer.secret],
  });
}

function addStateCommands(webhooks: Command, deps: CliDeps): void {
  const describe = (webhook: WebhookRow): readonly string[] => [describeWebhook(webhook)];
  addCommand(webhooks, deps, {
    name: 'pause <id>',
    description: 'Deliver nothing for now; what happens meanwhile waits',
    run: (call, id) => call('PATCH', pathOf(id), { paused: true }),
    show: describe,
  });
  addCommand(webhooks, deps, {
    name: 'resume <id>',
    description: 'Go on after a pause',
    run: (call, id) => call('PATCH', pathOf(id), { paused: false }),
    show: describe,
  });
  addCommand(webhooks, deps, {
    name: 'remove <id>',
    description: 'Delete a webhook and what it is owed',
    run: (call, id) => call('DELETE', pathOf(id)),
    show: () => ['removed'],
  });
  addCommand<Common & { readonly overlap: string }>(webhooks, deps, {
    name: 'rotate <id>',
    description: 'Replace the secret; prints the new one',
    options: [new Option('--overlap <seconds>', 'how long the old one signs as well').default('86400')],
    run: (call, id, { overlap }) => call('POST', `${pathOf(id)}/rotate`, { overlapSeconds: Number(overlap) }),
    show: (answer: { readonly secret: string }) => [answer.secret],
  });
}

function addDeliveryCommands(webhooks: Command, deps: CliDeps): void {
  addCommand<Common & { readonly state?: string }>(webhooks, deps, {
    name: 'deliveries <id>',
    description: 'Show the newest hundred deliveries',
    options: [new Option('--state <state>').choices(['pending', 'delivered', 'dead'])],
    run: (call, id, { state }) =>
      call('GET', `${pathOf(id)}/deliveries?limit=100${state === undefined ? '' : `&state=${state}`}`),
    show: (answer: { readonly deliveries: readonly DeliveryRow[] }) => answer.deliveries.map(describeDelivery),
  });
  addCommand<Common & { readonly all?: boolean; readonly since?: string; readonly document?: string }>(webhooks, deps, {
    name: 'replay <id>',
    description: 'Send again what was given up',
    options: [
      new Option('--all', 'what was delivered, too'),
      new Option('--since <time>', 'only what happened since, as 2026-11-23T09:30:00Z'),
      new Option('--document <name>', 'only of this document'),
    ],
    run: (call, id, { all, since, document }) =>
      call('POST', `${pathOf(id)}/replay`, {
        which: all === true ? 'all' : 'dead',
        ...(since === undefined ? {} : { since }),
        ...(document === undefined ? {} : { document }),
      }),
    show: (answer: { readonly replayed: number }) => [`${answer.replayed} events are sent again`],
  });
}

function pathOf(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`;
}

function describeWebhook({ id, url, label, paused, failingSince }: WebhookRow): string {
  const state =
    paused === null ? (failingSince === null ? 'active' : `failing since ${failingSince}`) : `paused (${paused})`;
  return [id, state, url, ...(label === '' ? [] : [label])].join('  ');
}

function describeDelivery({ id, queuedAt, document, type, state, attempts, status, failure }: DeliveryRow): string {
  return [queuedAt, id, state, type, document, `attempts ${attempts}`, status ?? failure ?? ''].join('  ');
}
