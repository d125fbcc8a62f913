#ifndef ISOBENCH_NATIVE_CONFINE_H
#define ISOBENCH_NATIVE_CONFINE_H

/* In the finished root, just before the exec of init: give up what could reach the host. Exits where it cannot. */
void native_confine(void);

#endif
