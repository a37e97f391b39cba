/** TLS settings as `node:tls` takes them; `true` means its defaults. */
export interface TlsSettings {
  readonly ca?: string | readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsSettings | boolean | undefined;
  /** Gives up after so many milliseconds with CONNECTION_TIMED_OUT; default 10 000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly tls?: TlsSettings | undefined;
}

/**
 * One end of a byte stream. The three callbacks belong to whoever holds the socket and are set
 * right after it was made, before anything can arrive.
 */
export interface Socket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** The bytes are valid only during the call: the buffer behind them is used again. */
  onData: (bytes: Buffer) => void;
  /**
   * Asked before reading: where the next bytes are to be put, of which `onData` then is given
   * those that came; undefined for a buffer of the socket. Accepted sockets of the machine do
   * not ask.
   */
  onSpace: () => Buffer | undefined;
  /** Called once, whoever closed; with the error when there was one. */
  onClose: (error?: Error) => void;
  /** The write buffer has become empty after `write` had answered false. */
  onDrain: () => void;
  /**
   * Sends the chunks in one go. False asks the caller to wait for `onDrain`. The chunks must not
   * be changed or used again before `written` is called (it is not called on a dead socket).
   */
  write(chunks: readonly Uint8Array[], written?: () => void): boolean;
  /** Hands what was written to the operating system now, not at the end of this turn. */
  flush(): void;
  /** Bytes accepted by `write` that the operating system has not taken yet. */
  bufferedBytes(): number;
  pause(): void;
  resume(): void;
  /** Sends what is buffered, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(error?: Error): void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Accepts no more; sockets already accepted stay. */
  close(): Promise<void>;
}

/** Sockets. Failures are KafkaErrors: CONNECTION_REFUSED, CONNECTION_TIMED_OUT, ADDRESS_IN_USE … */
export interface Net {
  connect(options: ConnectOptions): Promise<Socket>;
  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listener>;
}
