; Included by electron-builder's NSIS script, by its name. What the app has registered for links (main/desktop/link-scheme.ts)
; goes with it, but not when the uninstaller makes room for a newer version.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    DeleteRegKey HKCU "Software\Classes\reveille"
  ${endIf}
!macroend
