import type { JsonObject } from '../domain/index.js';

export type JsonSchema = boolean | JsonObject;
