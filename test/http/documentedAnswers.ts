import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { type Answer, type Target, bodyOf, call, json } from './support.js';

/** Gives the body of an answer that is as a schema of the server's own `/openapi.json` says. */
export type AnswerCheck = (schema: string, answer: Answer) => Record<string, unknown>;

export async function answerCheck(target: Target): Promise<AnswerCheck> {
  const document = bodyOf(await call(target, { path: '/openapi.json' }));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', ...document });
  return (schema, answer) => {
    const isValid = ajv.validate(`api#/components/schemas/${schema}`, bodyOf(answer));
    expect(isValid, `${answer.text}: ${ajv.errorsText()}`).toBe(true);
    return bodyOf(answer);
  };
}

/** Sends a request with a JSON body, or without one. */
export function sendJson(
  target: Target,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<Answer> {
  const sent = body === undefined ? {} : { headers: json, body: JSON.stringify(body) };
  return call(target, { path, method, ...sent });
}
