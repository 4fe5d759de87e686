import type { FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';

/** What a route describes in zod's schemas. */
type ZodPart = Parameters<typeof validatorCompiler>[0];

/** A body of one media type, as JSON Schema: what it holds is judged by the conversion that reads it. */
export function bodyOf(schema: Readonly<Record<string, unknown>>) {
  return { schema };
}

/** Takes bodies of these media types as bytes, to be read by the conversion that they ask for; no other is taken. */
export function takeRawBodies(app: Pick<FastifyInstance, keyof FastifyInstance>, mediaTypes: readonly string[]): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...mediaTypes], { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler((part) =>
    part.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(part as ZodPart),
  );
}
