export declare function prepareAppend(
  batches: Buffer,
  compressionType: string,
): Promise<void> | undefined;
