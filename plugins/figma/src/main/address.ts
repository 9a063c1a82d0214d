// What a build decides (bundles.mjs): these are its placeholders, which lead nowhere.

/** Where the hosted panel lies, ending in a slash. */
export const panelAddress: string = "https://panel.underdraw.example/";

/** The origin of that address: only from there does main take the panel's messages. */
export const panelOrigin: string = "https://panel.underdraw.example";

/** The origin of the editor's page, as pages in the plugin's window see it. */
export const editorOrigin: string = "https://www.figma.com";
