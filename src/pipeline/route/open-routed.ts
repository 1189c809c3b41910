/*
 * What answers requests for names with several deployments: 30 modules, loaded with the first configuration that has such a name.
 */
export { openRoutedAdmission } from "./request-route.ts";
export { createRouteStage } from "./route-stage.ts";
