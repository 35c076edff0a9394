/** A measurement as all benches report it. */
export interface BenchRow {
  /** What was measured. */
  readonly name: string;
  /** Sizes. */
  readonly shape: string;
  /** Median time in ms. */
  readonly ms: number;
  /** Arithmetic rate in 1e9 operations/s. */
  readonly gflops?: number;
  /** Bytes that have to be moved over the time, in 1e9 bytes/s. */
  readonly gbps?: number;
  /** Share of what the device reaches at best, measured in the same run: copy bandwidth or multiply-add rate. */
  readonly ceiling?: number;
  /** What a reader must know beside the number. */
  readonly note?: string;
}
