import { Reader } from '../bytes/index.js';
import { errorCodeOf, isKafkaError, KafkaError } from '../errors/index.js';
import { apis, loadApi, type ResponseDecoded } from '../protocol/index.js';
import { ApiRanges } from './api-ranges.js';

/** How this client names itself to brokers (KIP-511). */
export const clientSoftware = { name: 'kafkit', version: '0.1.0' } as const;

/** Sends ApiVersions in one version and gives the whole answer, header included, undecoded. */
export type AskVersions = (version: number) => Promise<Buffer>;

const correlationIdSize = 4;
const unsupportedVersion = 35;

/**
 * Asks a broker which versions it serves, with the newest ApiVersions first. A broker that does
 * not know it answers error 35 in the body of version 0, whatever was asked (KIP-511), so the code
 * is looked at before anything is decoded; then the newest version it lists is asked, or 0.
 */
export async function negotiate(ask: AskVersions, broker: string): Promise<ApiRanges> {
  await loadApi('ApiVersions');
  let version = apis.ApiVersions.versions[1] as number;
  for (;;) {
    const answer = await ask(version);
    const errorCode = new Reader(answer, correlationIdSize).int16();
    if (errorCode !== unsupportedVersion || version === 0)
      return await accept(answer, version, broker);
    const lower = await listedVersion(answer);
    version = Math.max(0, Math.min(lower, version - 1));
  }
}

async function accept(answer: Buffer, version: number, broker: string): Promise<ApiRanges> {
  const response = await decode(answer, version);
  const code = errorCodeOf(response.errorCode);
  if (code !== 'NONE') {
    throw new KafkaError(code, `${broker} refused ApiVersions ${version}.`, {
      broker,
      api: 'ApiVersions',
    });
  }
  return new ApiRanges(response);
}

/** The newest version of ApiVersions that the refusal lists; 0 where it lists none. */
async function listedVersion(answer: Buffer): Promise<number> {
  try {
    const { apiKeys } = await decode(answer, 0);
    return apiKeys.find(({ apiKey }) => apiKey === apis.ApiVersions.key)?.maxVersion ?? 0;
  } catch (error) {
    if (isKafkaError(error)) return 0;
    throw error;
  }
}

async function decode(answer: Buffer, version: number): Promise<ResponseDecoded<'ApiVersions'>> {
  const api = await loadApi('ApiVersions');
  return api.response(version).decode(new Reader(answer, correlationIdSize));
}
