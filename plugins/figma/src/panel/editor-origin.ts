/** The origin of the editor's page, which alone is listened to. A build may decide on another (bundles.mjs). */
export const editorOrigin: string = "https://www.figma.com";
