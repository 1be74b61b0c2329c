import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/index.js';
import { checkDefinition, createMachine } from '../../src/pipelines/index.js';
import { blocksOf } from '../docs/pages.js';
import { event, now } from './support.js';

const [definition, payloads, results, reduced, branch] = blocksOf('docs/guides/pipelines.md')
  .filter(({ language }) => language === 'json')
  .map(({ text }) => JSON.parse(text) as unknown);

describe('the guide', () => {
  it('shows what its example answers', () => {
    const machine = createMachine(checkDefinition(definition));
    const seen = (payloads as JsonObject[]).map((payload) =>
      now(machine.process(event(payload, { eventType: 'order.paid' }))),
    );
    const emissions = seen.flatMap((one) => one.emissions);
    expect(emissions.map(({ value }) => value)).toEqual(results);
    expect(emissions.map(({ output }) => output)).toMatchObject([
      { entityId: 'revenue-eu' },
      { entityId: 'revenue-us' },
    ]);
    expect(seen.map(({ dropped }) => dropped[0]?.outcome ?? 'taken')).toEqual([
      'taken',
      'taken',
      'filtered',
      'taken',
      'taken',
      'filtered',
      'taken',
      'late',
    ]);
    expect(seen[6]?.emissions).toHaveLength(2);
  });

  it('shows what a reduce answers, and a branch that is right', () => {
    const reduce = { type: 'reduce', function: 'avg', field: 'total', group_by: 'region' };
    const machine = createMachine(checkDefinition({ name: 'p', operators: [reduce] }));
    machine.process(event({ region: 'eu', total: 20 }));
    const { emissions } = now(machine.process(event({ region: 'eu', total: 21 })));
    expect(emissions[0]?.value).toEqual(reduced);
    expect(() => checkDefinition({ name: 'p', operators: [branch] })).not.toThrow();
  });
});
