import * as Y from 'yjs';
import { defaultUpdateLimits } from '../../src/core/limits.ts';
import { gateUpdate, type Verdict } from '../../src/core/update-gate.ts';
import { parseUpdate } from '../../src/core/update-parser.ts';
import { createMergedState, type MergedState } from '../../src/rooms/merged-state.ts';
import { editComments } from './comment-edits.ts';
import { describeAll, describeContent } from './describe-looks.ts';
import { editRandomly, honestRoots } from './honest-edits.ts';
import { createRandom, type Random } from './random.ts';

export interface CommentReport {
  /** Updates of commenters, all of which must pass. */
  comments: number;
  /** Of those: with structs emptied, since what they hang on was collected. */
  emptied: number;
  /** Of those: deletions of format marks that Yjs makes by itself. */
  tidied: number;
  /** Updates that touch content, all of which must be refused to a commenter. */
  contents: number;
  /** What should not have happened, with the seed of the world. */
  readonly findings: string[];
}

type Kind = 'comment' | 'content' | 'mixed' | 'tidy';

interface Sent {
  readonly bytes: Uint8Array;
  readonly kind: Kind;
}

const STEPS_PER_WORLD = 120;

/** Lets editors and commenters work on many documents at the same time, over a server that holds commenters to comments. */
export function runCommentWorlds(seed: number, count: number): CommentReport {
  const report: CommentReport = { comments: 0, emptied: 0, tidied: 0, contents: 0, findings: [] };
  for (let worldSeed = seed; report.comments < count && report.findings.length < 20; worldSeed += 1) {
    new World(worldSeed, report).run();
  }
  return report;
}

class World {
  readonly #seed: number;
  readonly #report: CommentReport;
  readonly #random: Random;
  readonly #state: MergedState = createMergedState();
  /** What the server took, in its order: what everybody receives. */
  readonly #log: Uint8Array[] = [];
  readonly #people: Person[];

  constructor(seed: number, report: CommentReport) {
    this.#seed = seed;
    this.#report = report;
    this.#random = createRandom(seed);
    this.#people = Array.from({ length: 4 }, (_, number) => new Person(this.#random, number, number < 2));
  }

  run(): void {
    for (let step = 0; step < STEPS_PER_WORLD; step += 1) {
      const person = this.#random.pick(this.#people);
      if (this.#random.chance(0.4)) this.#deliver(person);
      for (const sent of person.act()) this.#send(person, sent);
      if (!person.isEditor && this.#random.chance(0.1)) this.#resend(person);
    }
    for (let round = 0; round < 10; round += 1) for (const person of this.#people) this.#deliver(person);
    this.#compare();
  }

  #deliver(person: Person): void {
    for (const sent of person.receive(this.#log)) this.#send(person, sent);
  }

  #send(person: Person, { bytes, kind }: Sent): void {
    const outside = kind === 'content' || kind === 'mixed';
    if (person.isEditor && kind !== 'tidy') {
      const verdict = this.#gate(bytes, 'comments', false);
      if (outside) this.#report.contents += 1;
      const isRefused = verdict.kind === 'refuse' && verdict.code === 'comments-only';
      // An edit can come too late to do anything: it deletes what is deleted, or marks that do nothing any more.
      if (isRefused !== outside && this.#changesContent(verdict))
        this.#find(`an editor's ${kind} is ${describe(verdict)} to a commenter`);
    }
    if (person.isEditor) {
      const verdict = this.#gate(bytes, 'all', true);
      if (verdict.kind !== 'accept') this.#find(`an editor's ${kind}: ${describe(verdict)}`);
      return;
    }
    const before = this.#content();
    const verdict = this.#gate(bytes, 'comments', true);
    this.#report.comments += 1;
    if (kind === 'tidy') this.#report.tidied += 1;
    else if (verdict.kind !== 'accept') this.#find(`a commenter's ${kind}: ${describe(verdict)}`);
    else if (verdict.update !== bytes) this.#report.emptied += 1;
    if (this.#content() !== before) this.#find(`a commenter's ${kind} changed the content`);
  }

  /** What a commenter sends after a reconnect: everything it has, or what it thinks that the server lacks. */
  #resend(person: Person): void {
    const before = this.#content();
    const bytes = this.#random.chance(0.5)
      ? Y.encodeStateAsUpdate(person.doc)
      : Y.encodeStateAsUpdate(person.doc, this.#state.stateVector());
    const verdict = this.#gate(bytes, 'comments', true);
    if (verdict.kind !== 'accept') this.#find(`a commenter's SyncStep2: ${describe(verdict)}`);
    if (this.#content() !== before) this.#find("a commenter's SyncStep2 changed the content");
  }

  #gate(bytes: Uint8Array, scope: 'all' | 'comments', apply: boolean): Verdict {
    for (;;) {
      const parsed = parseUpdate(bytes, defaultUpdateLimits);
      if (parsed.kind === 'refuse') return parsed;
      const verdict = gateUpdate(parsed, { state: this.#state, tombstone: new Map(), scope }, defaultUpdateLimits);
      if (apply && (verdict.kind === 'accept' || verdict.kind === 'part')) {
        const { changed } = this.#state.apply(verdict.update);
        if (changed) this.#log.push(verdict.update);
      }
      if (verdict.kind !== 'part' || !apply) return verdict;
    }
  }

  #changesContent(verdict: Verdict): boolean {
    if (verdict.kind !== 'accept') return true;
    return describeContent(Y.mergeUpdates([this.#state.encode(), verdict.update])) !== this.#content();
  }

  /** Every root but that of the comments, as the server has it. */
  #content(): string {
    return describeContent(this.#state.encode());
  }

  #compare(): void {
    const whole = describeAll(this.#state.encode());
    for (const person of this.#people) {
      if (describeAll(Y.encodeStateAsUpdate(person.doc)) !== whole)
        this.#find(`client ${person.doc.clientID} reads other text`);
    }
  }

  #find(what: string): void {
    this.#report.findings.push(`seed ${this.#seed}: ${what}`);
  }
}

function describe(verdict: Verdict): string {
  return verdict.kind === 'refuse' ? `${verdict.code} (${verdict.detail})` : verdict.kind;
}

class Person {
  readonly doc = new Y.Doc();
  readonly isEditor: boolean;
  readonly #random: Random;
  readonly #undo: Readonly<Record<'comment' | 'content', Y.UndoManager>>;
  #sent: Sent[] = [];
  #received = 0;
  #kind: Kind = 'tidy';

  constructor(random: Random, number: number, isEditor: boolean) {
    this.#random = random;
    this.isEditor = isEditor;
    this.doc.clientID = 10 * (1 + random.below(400_000_000)) + number;
    const comments = this.doc.getMap('comments');
    this.#undo = {
      comment: new Y.UndoManager(comments, { captureTimeout: 0 }),
      content: new Y.UndoManager([...honestRoots(this.doc)], { captureTimeout: 0 }),
    };
    this.doc.on('update', (bytes: Uint8Array, origin: unknown) => {
      if (origin !== 'remote') this.#sent.push({ bytes, kind: this.#kind });
    });
  }

  receive(log: readonly Uint8Array[]): readonly Sent[] {
    this.#kind = 'tidy';
    for (; this.#received < log.length; this.#received += 1) {
      Y.applyUpdate(this.doc, log[this.#received] ?? new Uint8Array(), 'remote');
    }
    return this.#flush();
  }

  act(): readonly Sent[] {
    const random = this.#random;
    if (!this.isEditor || random.chance(0.4)) this.#comment();
    else if (random.chance(0.15)) this.#edit('mixed', () => this.#mix());
    else this.#edit('content', () => this.#editContent());
    return this.#flush();
  }

  #flush(): readonly Sent[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  #edit(kind: Kind, change: () => void): void {
    this.#kind = kind;
    change();
  }

  #comment(): void {
    this.#edit('comment', () => {
      if (this.#random.chance(0.1)) undo(this.#undo.comment);
      else if (this.#random.chance(0.06)) redo(this.#undo.comment);
      else if (this.#random.chance(0.3))
        this.doc.transact(() => Array.from({ length: 3 }, () => editComments(this.doc, this.#random)));
      else editComments(this.doc, this.#random);
    });
  }

  #editContent(): void {
    if (this.#random.chance(0.1)) undo(this.#undo.content);
    else if (this.#random.chance(0.06)) redo(this.#undo.content);
    else editRandomly(this.doc, this.#random);
  }

  /** One transaction that puts something into a comment and into the content. */
  #mix(): void {
    this.doc.transact(() => {
      editComments(this.doc, this.#random);
      this.doc.getArray('array').insert(0, [this.#random.below(100)]);
    });
  }
}

/** Yjs (13.6.33) can throw when what it would bring back was collected; what it did until then is sent all the same. */
function undo(stack: Y.UndoManager): void {
  try {
    stack.undo();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function redo(stack: Y.UndoManager): void {
  try {
    stack.redo();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
