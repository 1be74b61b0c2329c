import { formatTimestamp } from '../domain/index.js';
import type { JsonValue } from '../domain/index.js';

/** What is posted of a result of a pipeline: JSON text, from that of the event that holds it. */
export function resultText(eventText: string): string {
  // Only pipelines write what their webhooks read.
  const { id, position, payload } = JSON.parse(eventText) as {
    readonly id: string;
    readonly position: number;
    readonly payload: {
      readonly pipeline: string;
      readonly time: number;
      readonly value: JsonValue;
    };
  };
  const { pipeline, time, value } = payload;
  return JSON.stringify({
    id,
    pipeline_id: pipeline,
    time: formatTimestamp(time),
    position,
    value,
  });
}
