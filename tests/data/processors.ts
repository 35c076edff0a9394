/** Runs with so many processors. */
export async function withProcessors(count: number, body: () => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(navigator, "hardwareConcurrency");
  Object.defineProperty(navigator, "hardwareConcurrency", { value: count, configurable: true });
  try {
    await body();
  } finally {
    if (own) Object.defineProperty(navigator, "hardwareConcurrency", own);
    else Reflect.deleteProperty(navigator, "hardwareConcurrency");
  }
}
