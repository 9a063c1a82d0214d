// Before Excalidraw's own script: its fonts lie beside the page, and nothing is asked from anywhere else.
window.EXCALIDRAW_ASSET_PATH = new URL("./", location.href).href;
