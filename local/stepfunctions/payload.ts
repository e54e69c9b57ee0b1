/** AWS: 256 KiB of UTF-8, for inputs, outputs and results. */
export const maxPayloadBytes = 262_144;
