import type { MetadataImage } from './metadata-image.js';
import type { MetadataJournal } from './metadata-journal.js';
import { configChanges, resourceType } from './metadata-record.js';

/** What groups have set for themselves; a group need not exist for that. */
export class GroupSettings {
  readonly #image: MetadataImage;
  readonly #journal: MetadataJournal;

  constructor(image: MetadataImage, journal: MetadataJournal) {
    this.#image = image;
    this.#journal = journal;
  }

  /** Groups that have set anything. */
  groupIds(): Iterable<string> {
    return this.#image.groupConfigs.keys();
  }

  of(groupId: string): Readonly<Record<string, string>> {
    return this.#image.groupConfigs.get(groupId) ?? {};
  }

  /** Replaces what the group sets; `wanted` must have been checked. */
  async configure(groupId: string, wanted: Readonly<Record<string, string>>): Promise<void> {
    const about = { resourceType: resourceType.group, resourceName: groupId };
    const records = configChanges(about, this.of(groupId), wanted);
    if (records.length === 0) return;
    const synced = this.#journal.append(records);
    for (const record of records) this.#image.replay(record);
    await synced;
  }
}
