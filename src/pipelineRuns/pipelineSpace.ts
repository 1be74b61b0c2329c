/** One life of a pipeline: a reset begins another one. */
export interface PipelineSpace {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly generation: number;
  /** Of its webhooks, by their URLs: tenants of the store's own that their results are written to. */
  readonly resultTenants: ReadonlyMap<string, string>;
}
