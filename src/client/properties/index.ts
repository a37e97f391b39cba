/**
 * Properties: client configuration as Java's and librdkafka's programs write it. Knows which
 * property is which option; knows nothing of what the options do.
 */
export {
  clientProperties,
  type ClientProperties,
  isPropertiesText,
} from './client-properties.js';
