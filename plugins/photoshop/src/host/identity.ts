/** What messages and errors call this host. */
export const hostName = "photoshop";

/** The plugin's id, as the manifest says. */
export const pluginId = "com.underdraw.photoshop";

/** The panel's id, as the manifest says. */
export const panelId = "underdraw.main";
