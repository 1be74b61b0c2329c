/** One life of a pipeline: a reset begins another one. */
export interface PipelineSpace {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly generation: number;
}
