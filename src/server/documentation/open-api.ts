import type { ElysiaSwaggerConfig } from "@elysiajs/swagger/types";

/** The parts of an OpenAPI 3.0 document, as the documentation plugin takes them. */
type Documentation = NonNullable<ElysiaSwaggerConfig["documentation"]>;
export type Paths = NonNullable<Documentation["paths"]>;
export type PathItem = NonNullable<Paths[string]>;
export type Operation = NonNullable<PathItem["get"]>;
export type Parameter = NonNullable<Operation["parameters"]>[number];
export type OperationResponse = Operation["responses"][string];
