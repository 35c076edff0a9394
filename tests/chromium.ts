/** Chromium as a process of its own: finding it, and driving it by its protocol for developer tools. */

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const FLAGS = [
  ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"],
];

/** Returns the path of a browser; nothing where none is installed. */
export function findChromium(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const paths = folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Removes a folder that child processes of the browser may still write to for a moment. */
export async function removeProfile(profile: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(profile, { recursive: true });
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

type Json = Record<string, unknown>;

/** A page in a browser of its own. */
export class Page implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: Json) => void; reject: (error: Error) => void }>();
  #session: string | undefined;
  #sent = 0;
  /** Errors of the page: exceptions, what its policy blocked, and what could not be loaded. */
  readonly errors: string[] = [];

  private constructor(process: Deno.ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  /** Opens an empty page. */
  static async open(browser: string): Promise<Page> {
    const profile = await Deno.makeTempDir();
    const args = [...FLAGS, `--user-data-dir=${profile}`, "about:blank"];
    const process = new Deno.Command(browser, { args, stdout: "null", stderr: "piped" }).spawn();
    let said = "";
    const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let address: string | undefined;
    while (address === undefined) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the browser ended: ${said}`);
      said += value;
      address = /DevTools listening on (\S+)\n/.exec(said)?.[1];
    }
    (async () => {
      while (!(await reader.read()).done);
    })();
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
    const page = new Page(process, profile, socket);
    const { targetId } = await page.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.send("Target.attachToTarget", { targetId, flatten: true });
    page.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Log"]) await page.send(`${domain}.enable`);
    return page;
  }

  /** Sends a command of the protocol and returns its result. */
  async send(method: string, params: Json = {}): Promise<Json> {
    const id = ++this.#sent;
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    return await promise;
  }

  /** Shows an address in a window of a width. */
  async visit(url: string, width: number, scheme: "light" | "dark" = "light"): Promise<void> {
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.send("Emulation.setEmulatedMedia", { features });
    await this.send("Page.navigate", { url });
  }

  /** Returns the value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Waits until an expression is true. */
  async waitFor(expression: string, patience = 60_000): Promise<void> {
    const end = performance.now() + patience;
    while (!await this.evaluate<boolean>(`Boolean(${expression})`)) {
      if (performance.now() > end) throw new Error(`the page has not come to ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #receive(message: { id?: number; method?: string; result?: Json; error?: Json; params?: Json }): void {
    const { id, method, result, error, params } = message;
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(JSON.stringify(error)));
      else waiting?.resolve(result ?? {});
    }
    const entry = params?.entry as { level?: string; text?: string; url?: string } | undefined;
    if (method === "Runtime.exceptionThrown") this.errors.push(JSON.stringify(params));
    if (method === "Log.entryAdded" && entry?.level === "error") this.errors.push(`${entry.text} ${entry.url ?? ""}`);
  }

  /** Ends the browser. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#process.kill();
    await this.#process.status;
    await closed;
    await removeProfile(this.#profile);
  }
}
