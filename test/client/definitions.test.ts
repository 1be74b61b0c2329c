import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDefinition, toWireDefinition } from '../../src/client/wire/state/pipelineDefinitions.js';
import { checkDefinition, definitionToWire } from '../../src/pipelines/index.js';
import { seedOf } from '../crash/random.js';
import { program } from '../pipelines/model/programs.js';

const runs = 2_000;

describe('definitions of pipelines over the network', () => {
  it(`are what they are in the process of the store, ${runs} random ones`, () => {
    const seed = seedOf(process.env['DEFINITION_SEED']);
    console.log(`DEFINITION_SEED=${seed}`);
    const same = fc.property(program, ({ definition: given }) => {
      const definition = checkDefinition(given);
      const wire = definitionToWire(definition);
      expect(toWireDefinition(definition)).toEqual(wire);
      expect(toDefinition(wire)).toEqual(definition);
    });
    fc.assert(same, { numRuns: runs, seed });
  });

  it('keep names that belong to whoever wrote them', () => {
    const own = { some_name: { otherName: 1 } };
    const definition = checkDefinition({
      name: 'p',
      operators: [
        { type: 'filter', field: 'a', op: 'eq', value: own },
        { type: 'map', field: 'b_c', set: own },
        {
          type: 'enrich',
          source: { type: 'lookup_table', key_field: 'a_b', table: { row_one: own, rowTwo: own } },
          into: 'd_e',
        },
        {
          type: 'branch',
          field: 'f',
          branches: {
            eu_west: 'eu',
            value: { type: 'event', event_type: 'a.b', entity_id: 'x_y' },
            usEast: { type: 'topic', name: 'us_east' },
          },
          default: { type: 'event', event_type: 'c.d' },
        },
      ],
    });
    const wire = definitionToWire(definition);
    expect(toWireDefinition(definition)).toEqual(wire);
    expect(toDefinition(wire)).toEqual(definition);
    // The JSON of the wire stays as it is.
    expect(toWireDefinition(wire)).toBe(wire);
  });
});
