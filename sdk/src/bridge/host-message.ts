import * as z from "zod/mini";
import { limits } from "../host/limits.ts";
import {
  aboutCall,
  commonShapes,
  connection,
  type HostMessage,
  parcelHead,
  reader,
  sizes,
  text,
  versions,
} from "../host/protocol.ts";

const name = text(limits.name);

const read = reader({
  ...commonShapes,
  welcome: z.object({
    connection,
    version: z.int(),
    host: name,
    exactSize: z.boolean(),
    layerMasks: z.boolean(),
    abilities: z.array(name).check(z.maxLength(100)),
    pictures: z.enum(["pixels", "png"]),
    ...sizes,
  }),
  refuse: z.object({ connection, versions }),
  answer: z.object({ ...aboutCall, ok: z.boolean(), ...parcelHead }),
  working: z.object(aboutCall),
  event: z.object({ connection, name: z.literal("selection-change") }),
});

/** Reads what a host sends; null for what is no message of this protocol. */
export const readHostMessage: (data: unknown) => HostMessage | null = read;
