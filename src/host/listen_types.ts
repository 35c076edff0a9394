/**
 * What is told about listening for requests, whatever does it.
 *
 * @module
 */

/** Where a server listens. */
export interface ListenOptions {
  /** Port; 0 for any that is free. @default {8000} */
  readonly port?: number;
  /** Address of the interface; `0.0.0.0` for all. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** Certificate chain and private key in PEM, to speak HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** What listens. */
export interface Listener {
  /** Address of the interface. */
  readonly hostname: string;
  /** Port. */
  readonly port: number;
  /** Resolves once it has stopped. */
  readonly finished: Promise<void>;
  /** Takes no new connections, and resolves once all requests are answered. */
  shutdown(): Promise<void>;
}

/** Options of `listenGrpc`. */
export interface GrpcListenOptions {
  /** Port; 0 for any that is free. */
  readonly port: number;
  /** Address of the interface. */
  readonly hostname: string;
  /** Certificate chain and private key in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Most bytes of a message. */
  readonly maxBodyBytes: number;
  /** Told of errors that are no client's fault. */
  readonly onError: (error: unknown) => void;
}

/** What listens for gRPC. */
export interface GrpcListener {
  /** Port that it listens on. */
  readonly port: number;
  /** Takes no new calls, and resolves once those that are there are answered. */
  shutdown(): Promise<void>;
}
