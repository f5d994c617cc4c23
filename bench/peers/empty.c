// SPDX-License-Identifier: BSD-2-Clause
/* What a dynamic program costs that does nothing. */
int main(void)
{
	return 0;
}
