; Included by electron-builder's NSIS script, by its name. What the app has registered for links (main/desktop/link-scheme.ts)
; and for signing in (main/desktop/login-item.ts: Electron names it by the app's id, and Windows keeps beside it whether the
; user has switched it off) goes with it, but not when the uninstaller makes room for a newer version.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    DeleteRegKey HKCU "Software\Classes\reveille"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "app.reveille.Reveille"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "app.reveille.Reveille"
  ${endIf}
!macroend
